# glmnet in R: answers the requests that _linear_peer.py answers, from numbers that _linear_race.py lays bare.
#
#     Rscript _linear_peer.R NAME FOLDER

suppressMessages(library(glmnet))
folder <- commandArgs(TRUE)[2]
glmnet.control(fdev = 0, devmax = 1)
bare <- function(name, n) readBin(file.path(folder, name), "double", n)
part <- function(line, key) sub(sprintf('.*"%s": ("([^"]*)"|([^,}]*)).*', key), "\\2\\3", line)
known <- c("gaussian", "binomial", "multinomial", "poisson", "cox")

fit <- function(X, y, family, s, tol) {
  glmnet(X, y, family = family, lambda = s, standardize = FALSE, intercept = family != "cox" && family != "gaussian",
         thresh = tol, maxit = 1e8)
}

coefficients <- function(model, family) { # p, m, k in R's order
  if (family != "multinomial") return(as.matrix(model$beta))
  aperm(simplify2array(lapply(model$beta, as.matrix)), c(1, 3, 2))
}

problem <- function() {
  words <- strsplit(readLines(file.path(folder, "words.txt"), warn = FALSE), " ")[[1]]
  if (!(words[1] %in% known) || (words[1] == "gaussian" && words[6] != "1")) return(NULL)
  v <- as.integer(words[-1])
  n <- v[1]
  y <- array(bare("y.bin", n * v[3] * v[5]), c(n, v[5], v[3]))
  if (words[1] == "cox") dimnames(y) <- list(NULL, c("time", "status"), NULL)
  list(family = words[1], X = matrix(bare("X.bin", n * v[2]), n, v[2]), y = y, tasks = v[3],
       s = matrix(bare("s.bin", v[3] * v[4]), v[4], v[3]), fold = bare("fold.bin", n))
}

path <- function(P, t, tol) fit(P$X, drop(P$y[, , t]), P$family, P$s[, t], tol)

folds <- function(P, t, tol) {
  for (f in unique(P$fold)) {
    rows <- P$fold != f
    y <- drop(P$y[, , t])
    model <- fit(P$X[rows, ], if (is.matrix(y)) y[rows, ] else y[rows], P$family, P$s[, t], tol)
    predict(model, P$X[!rows, ])
  }
}

input <- file("stdin", "r")
loaded <- ""
cat("ready\n")
flush(stdout())
while (length(line <- readLines(input, 1)) > 0) {
  if (loaded != part(line, "problem")) {
    loaded <- part(line, "problem")
    P <- problem()
  }
  if (is.null(P)) {
    cat("null\n")
    flush(stdout())
    next
  }
  tol <- as.numeric(part(line, "tol"))
  start <- proc.time()[["elapsed"]]
  each <- lapply(seq_len(P$tasks), function(t) (if (part(line, "folds") == "true") folds else path)(P, t, tol))
  seconds <- proc.time()[["elapsed"]] - start
  if (part(line, "folds") != "true") {
    writeBin(as.numeric(unlist(lapply(each, coefficients, P$family))), part(line, "out"))
  }
  cat(sprintf("%.4f\n", seconds))
  flush(stdout())
}
