"""What the robot may decide by itself (自助审批): a head's signed grant, its limits, its decisions."""
