"""What the system tests stand on: the service, tenants and tokens, a real S3, forms, and a plain HTTP client."""
