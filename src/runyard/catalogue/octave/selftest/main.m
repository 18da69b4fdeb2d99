printf("%s\n", greeting());
