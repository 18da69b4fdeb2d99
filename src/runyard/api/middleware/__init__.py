"""What holds for every request, as plain ASGI: nothing here touches a body it only passes on."""
