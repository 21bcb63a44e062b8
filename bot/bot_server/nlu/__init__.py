"""Understanding: linear models over characters, words and sounds."""
