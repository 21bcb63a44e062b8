"""What happens without anybody asking: outward effects, the clock's steps, retention."""
