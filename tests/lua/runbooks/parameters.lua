return {
  title = "Parameters", summary = "Takes a number and a secret.",
  params = {
    count = { type = "integer", min = 1, required = true },
    token = { type = "secret", required = true },
  },
  run = function(rb, p) rb:note("<%d %s>", p.count, p.token) end,
}
