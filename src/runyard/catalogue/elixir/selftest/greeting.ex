defmodule Greeting do
  def text, do: "héllo ✓"
end
