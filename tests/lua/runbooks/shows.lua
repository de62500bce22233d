-- Shows things, for tests/lua/shows.lua.
return {
  title = "Shows", summary = "Shows what there is.",
  params = { live = { type = "boolean", default = false }, change = { type = "boolean", default = false } },
  run = function(rb, p)
    rb:table("Tasks", { "task", "exit" }, { { "a1", 137 }, { "b2", nil } })
    rb:plot("CPU", { from = 1000, upto = 1600, series = { { name = "Average", points = { { 1000, 5 }, { 1300, 7.5 } } } } })
    rb:output("a line", { emphasis = "bad", data = { stream = "s" } })
    if not p.live then
      rb:found { text = "one task was killed", severity = "high", fix = "gwrun deploy" }
      return
    end
    local rounds = 0
    rb:live(function()
      rounds = rounds + 1
      rb:note("round %d", rounds)
      if p.change then rb:step("Change", { change = function() end }) end
      return rounds == 4
    end, { every = "1m", redraw = true })
  end,
}
