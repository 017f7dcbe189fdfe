"""The local application and the server: what the commands do, behind an address."""
