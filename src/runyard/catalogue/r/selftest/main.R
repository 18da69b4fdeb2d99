source("greeting.R")
cat(greeting, "\n", sep = "")
