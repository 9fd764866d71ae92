# Everything is done by the Python package beside it, so that both languages declare, judge and read the same way.

# Runs `python -m bulle.r ACT` with `request` as JSON on its standard input; its standard output as lines.
ask <- function(act, request) {
  python <- Sys.getenv("BULLE_PYTHON", "/opt/bulle/bin/python")
  answer <- suppressWarnings(system2(
    python, c("-m", "bulle.r", act),
    input = toJSON(request, auto_unbox = TRUE, null = "null", digits = NA), stdout = TRUE, stderr = FALSE
  ))
  if (!is.null(attr(answer, "status"))) {
    stop(if (length(answer)) paste(answer, collapse = "\n") else "bulle: this did not work", call. = FALSE)
  }
  Encoding(answer) <- "UTF-8"
  answer
}

# R's kernel writes NULL in a list as {}, and NA as null.
absent <- function(value) {
  if (is.list(value)) lapply(value, function(one) if (is.null(one)) NA else absent(one)) else value
}

# Leaves the declaration that `act` makes of `request` in the cell's output, with what its author sees.
declare <- function(act, request) {
  bundle <- fromJSON(paste(ask(act, request), collapse = "\n"), simplifyVector = FALSE)
  if (length(bundle)) publish_mimebundle(lapply(bundle, absent))
  invisible(NULL)
}

# Declares the aggregate `sql` for release under `name`, and shows it with every finding that depends on it alone.
# Write the arguments as literals, in a cell that holds nothing but such calls: only then does a declaration count.
# `protect` is "suppress", "round", "dp" (with a `rho`) or "none". What leaves is computed by the enclave.
release <- function(name, sql, title = "", protect = "suppress", rho = NULL) {
  declare("release", list(name = name, sql = sql, title = title, protect = protect, rho = rho))
}

# Declares a chart over the declared table `table`; `chart` is Vega-Lite as a JSON text, best between r"( and )". The
# enclave draws it of the table as that leaves, and it leaves with the table or not at all.
release_chart <- function(name, table, chart, title = "") {
  declare("release_chart", list(name = name, table = table, chart = chart, title = title))
}

# Declares a figure that this notebook draws: a plot that prints itself (ggplot2, recordPlot()), or a function that
# draws, held by a variable. `shows` names the declared table that it shows, `title` says what is read to those who
# cannot see it. It is drawn from exact values: of a table that is protected, use release_chart().
release_figure <- function(name, figure, shows, title) {
  file <- tempfile(fileext = ".png")
  on.exit(unlink(file))
  png(file, width = 960, height = 720, res = 150)
  tryCatch(if (is.function(figure)) figure() else print(figure), finally = dev.off())
  drawn <- if (file.exists(file)) base64_enc(readBin(file, "raw", file.size(file))) else "" # nothing was drawn
  declare("release_figure", list(name = name, shows = shows, title = title, png = gsub("\n", "", drawn)))
}

# Declares cells of this notebook: `cells` is "code", "text" (Markdown) or "all". People read them before they leave.
release_source <- function(name, cells = "all", title = "") {
  declare("release_source", list(name = name, cells = cells, title = title))
}

# Declares words of your own: a text, or a `file` that is handed in beside the notebook. People read them before they
# leave.
release_text <- function(name, text = "", file = NULL, title = "") {
  declare("release_text", list(name = name, text = text, file = if (is.null(file)) "" else file, title = title))
}

# What the aggregate `sql` would cost with `protect = "dp"`: for counts off by at most `within`, or at `rho`.
# It declares nothing, draws nothing and spends nothing.
preview <- function(sql, within = NULL, rho = NULL) {
  request <- list(sql = sql, within = within, rho = rho)
  if (Sys.getenv("BULLE_RERUN") == "1") return(invisible(NULL))
  bundle <- fromJSON(paste(ask("preview", request), collapse = "\n"), simplifyVector = FALSE)
  publish_mimebundle(lapply(bundle, absent))
  invisible(NULL)
}

# The result of a DuckDB query over the extract's tables, as a data frame. It stays in the workspace.
sql <- function(query) {
  text <- ask("sql", list(query = query))
  read.csv(text = paste(text, collapse = "\n"), check.names = FALSE, na.strings = "", encoding = "UTF-8")
}

# The granted tables and columns, with what the data holder says of each.
tables <- function() {
  read.csv(text = paste(ask("tables", list()), collapse = "\n"), check.names = FALSE, encoding = "UTF-8")
}
