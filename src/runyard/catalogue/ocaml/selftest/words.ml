let hello = "héllo"
