require ./greeting.fs

greeting type cr
