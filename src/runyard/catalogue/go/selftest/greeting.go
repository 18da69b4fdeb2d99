package main

const greeting = "héllo ✓"
