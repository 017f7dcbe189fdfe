"""What each request goes through: access, bodies, uploads, and errors as answers."""
