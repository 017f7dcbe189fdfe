"""Published weights, read without the library that wrote them."""
