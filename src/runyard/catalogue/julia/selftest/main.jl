include("greeting.jl")

println(GREETING)
