BEGIN { print greeting() }
