# Kernel density of the points in a folder, by spatstat.
#
#     Rscript tests/bench/density.R FOLDER ROUNDS
#
# Prints the seconds of each round, and writes the surface of the last one.

suppressPackageStartupMessages({
  library(spatstat.geom)
  library(spatstat.explore)
})

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
rounds <- as.integer(arguments[2])
read <- function(name) {
  path <- file.path(folder, name)
  readBin(path, "double", file.size(path) / 8)
}

facts <- read("facts") # width of the square, cells along it, bandwidth
window <- owin(c(0, facts[1]), c(0, facts[1]))
points <- ppp(read("x"), read("y"), window = window, check = FALSE)
for (round in seq_len(rounds)) {
  took <- system.time(
    surface <- density(points, sigma = facts[3], dimyx = facts[2], edge = FALSE)
  )
  cat(took[["elapsed"]], "\n")
}
# By rows from the south.
writeBin(as.vector(t(surface$v)), file.path(folder, "surface"))
