"""What people look at: the HTML report of queries beside their candidates."""
