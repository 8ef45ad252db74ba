"""What is right and wrong about an answer: findings, and the verdict that follows from them."""
