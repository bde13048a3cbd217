"""What every door for browsers shares: requests and responses as values, cookies, CSRF, the pages' frame."""
