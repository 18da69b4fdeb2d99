module Greeting (greeting) where

greeting :: String
greeting = "héllo ✓"
