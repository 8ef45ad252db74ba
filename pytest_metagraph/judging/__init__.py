"""Check the answers of an exporter: findings, the requirements they blame, and the verdict on each case."""
