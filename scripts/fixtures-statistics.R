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
