print((require("greeting")))
