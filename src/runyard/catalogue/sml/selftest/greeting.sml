val text = "h\195\169llo \226\156\147";
