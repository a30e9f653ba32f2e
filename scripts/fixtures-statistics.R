#!/usr/bin/env Rscript
# Writes the fixtures of the statistics tests that R is the judge of.
#
#     Rscript scripts/fixtures-statistics.R          (from the top of the tree)
#
# Debian 12: r-base-core, r-cran-survival, r-cran-brglm2. Each file says which versions made it.

suppressPackageStartupMessages({
    library(survival)
    library(brglm2)
})

room <- "test/fixtures/statistics"
dir.create(room, showWarnings = FALSE, recursive = TRUE)

fixture <- function(name, columns) {
    file <- file(file.path(room, name), "w")
    writeLines(c(
        sprintf("# scripts/fixtures-statistics.R; R %s.%s, survival %s, brglm2 %s", R.version$major,
                R.version$minor, packageVersion("survival"), packageVersion("brglm2")),
        paste("#", columns)), file)
    file
}

row <- function(file, ...) {
    numbers <- unlist(list(...))
    words <- ifelse(is.nan(numbers) | is.na(numbers), "nan",
                    ifelse(is.infinite(numbers), ifelse(numbers > 0, "inf", "-inf"),
                           sprintf("%.12g", numbers)))
    writeLines(paste(words, collapse = " "), file)
}

# ---- survival ----

# Freireich et al., Blood 21 (1963): weeks of remission under 6-mercaptopurine (1) and placebo (0).
freireich <- data.frame(
    time = c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
             1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23),
    ended = c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, rep(1, 21)),
    group = rep(c(1, 0), each = 21))

set.seed(20260101)
random_lives <- function(count, groups, rounded) {
    group <- sample(seq_len(groups) - 1, count, replace = TRUE)
    life <- rexp(count, 0.1 + 0.03 * group)
    watched <- rexp(count, 0.05)
    time <- pmin(life, watched)
    data.frame(time = if (rounded) ceiling(time) else time, ended = as.integer(life <= watched),
               group = group)
}
sets <- list(freireich, random_lives(30, 2, FALSE), random_lives(80, 3, TRUE),
             random_lives(200, 5, TRUE), random_lives(12, 2, TRUE))

lives <- fixture("lifetimes.txt", "set, time, ended, group")
curves <- fixture("survival_curves.txt",
                  "set, time, at risk, ended, survival, standard error of log S, low, high (95%)")
times <- fixture("survival_times.txt",
                 "set, part, time, low, high (95%), until, restricted mean, standard error")
ranks <- fixture("survival_logrank.txt", "set, groups, chi squared, p, observed and expected of each")
for (set in seq_along(sets)) {
    data <- sets[[set]]
    for (i in seq_len(nrow(data))) row(lives, set, data$time[i], data$ended[i], data$group[i])
    fit <- survfit(Surv(time, ended) ~ 1, data = data, conf.type = "log-log")
    for (i in which(fit$n.event > 0)) {
        row(curves, set, fit$time[i], fit$n.risk[i], fit$n.event[i], fit$surv[i], fit$std.err[i],
            ifelse(fit$surv[i] == 0, 0, fit$lower[i]), ifelse(fit$surv[i] == 0, 0, fit$upper[i]))
    }
    for (part in c(0.25, 0.5, 0.75)) {
        until <- as.numeric(quantile(data$time, 0.9))
        area <- summary(fit, rmean = until)$table
        found <- quantile(fit, part)
        row(times, set, part, found$quantile, found$lower, found$upper, until, area["rmean"],
            area["se(rmean)"])
    }
    test <- survdiff(Surv(time, ended) ~ group, data = data)
    row(ranks, set, length(test$n), test$chisq,
        pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE), rbind(test$obs, test$exp))
}
for (file in list(lives, curves, times, ranks)) close(file)

# ---- logistic regression ----

# Cells of a factorial design with trials each: y ~ a * b + c, b with three levels.
cells <- expand.grid(a = 0:1, b = 0:2, c = c(-1, 0.5, 2))
cells$trials <- rep(c(20, 35, 7), length.out = nrow(cells))
chance <- plogis(-0.7 + 0.9 * cells$a - 0.4 * (cells$b == 1) + 0.6 * cells$a * (cells$b == 2) +
                 0.5 * cells$c)
cells$successes <- rbinom(nrow(cells), cells$trials, chance)
cells_design <- model.matrix(~ a * factor(b) + c, cells)

# Heinze and Schemper's example: endometrial cancer, where neovasculation separates.
data(endometrial, package = "brglm2")
endometrial_design <- model.matrix(~ NV + PI + EH, endometrial)

# Three arms, one without a success.
arms <- data.frame(successes = c(31, 12, 0), trials = c(100, 100, 100))
arms_design <- cbind(1, c(0, 1, 0), c(0, 0, 1))

designs <- list(list(cells$successes, cells$trials, cells_design),
                list(endometrial$HG, rep(1, nrow(endometrial)), endometrial_design),
                list(arms$successes, arms$trials, arms_design))
rows <- fixture("regression_data.txt", "set, successes, trials, columns of the design")
fits <- fixture("regression_fits.txt",
                paste("set, Firth, deviance, null deviance, likelihood (logarithm; Firth: penalised),",
                      "then value, error, low, high (95%), p of each column"))

for (set in seq_along(designs)) {
    s <- designs[[set]][[1]]
    n <- designs[[set]][[2]]
    x <- designs[[set]][[3]]
    for (i in seq_along(s)) row(rows, set, s[i], n[i], x[i, ])
    for (firth in 0:1) {
        # Without Firth the others are separated, and R's answer is where it stopped.
        if (!firth && set > 1) next
        fit <- if (firth) glm(cbind(s, n - s) ~ x - 1, family = binomial, method = "brglmFit",
                              type = "AS_mean", epsilon = 1e-13, maxit = 1000)
               else glm(cbind(s, n - s) ~ x - 1, family = binomial,
                        control = glm.control(epsilon = 1e-15))
        p <- fitted(fit)
        likelihood <- sum(s * log(p) + (n - s) * log1p(-p))
        if (firth) likelihood <- likelihood + log(det(t(x) %*% (x * n * p * (1 - p)))) / 2
        value <- coef(fit)
        error <- sqrt(diag(solve(t(x) %*% (x * n * p * (1 - p)))))
        row(fits, set, firth, deviance(fit), deviance(glm(cbind(s, n - s) ~ 1, family = binomial)),
            likelihood, rbind(value, error, value - qnorm(0.975) * error,
                              value + qnorm(0.975) * error, 2 * pnorm(-abs(value / error))))
    }
}
close(rows)
close(fits)
