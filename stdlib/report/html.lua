--- A run as one HTML page that needs nothing from elsewhere: for a browser, a mail, a printer.

local svg = require "report.svg"
local words = require "report.words"

local html = {}

local STYLE = [[
:root{color-scheme:light dark;--ink:#1c2024;--soft:#5c6670;--paper:#fff;--line:#dfe3e8;--good:#1a7f4b;--bad:#c0352b;--warn:#9a6700;--s1:#2563a8;--s2:#b5541c;--s3:#6a4fb3;--s4:#2b8a7e}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--paper:#15181c;--line:#2d333b;--good:#4cc38a;--bad:#f2756a;--warn:#e0b341;--s1:#6ea8ec;--s2:#eb9a63;--s3:#ab96ea;--s4:#5fc7b9}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:62rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem;line-height:1.2}
h2{font-size:1.1rem;margin:2.25rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
.badge{display:inline-block;padding:.1rem .55rem;border:1px solid currentColor;border-radius:1rem;font-size:.8rem;font-weight:600;letter-spacing:.03em;margin-right:.4rem}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.soft{color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
th{white-space:nowrap;font-weight:600;color:var(--soft);font-size:.85rem}
td.n,th.n{text-align:right}
td.at{white-space:nowrap;color:var(--soft);font-size:.85rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:1rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ol,ul{margin:.25rem 0;padding-left:1.4rem}
li{margin:.2rem 0;overflow-wrap:anywhere}
ul.checks{list-style:none;padding-left:0}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.25rem}
svg{width:100%;height:auto;display:block}
.grid{stroke:var(--line);fill:none}.limit{stroke:var(--bad);stroke-dasharray:6 4;fill:none}.mark{stroke:var(--warn);stroke-width:2;fill:none}
.line{fill:none;stroke-width:1.8}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}
.key span{margin-right:1rem}.key .s1{color:var(--s1)}.key .s2{color:var(--s2)}.key .s3{color:var(--s3)}.key .s4{color:var(--s4)}
text{fill:var(--soft);font-size:11px}.tick,.end{text-anchor:end}
@media(max-width:36rem){body{padding:1rem .9rem 3rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media print{body{max-width:none;padding:0}h2{break-after:avoid}tr,figure,li{break-inside:avoid}}
]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Control characters have no place on a page.
local function escape(value)
  return (tostring(value):gsub("[%z\1-\8\11\12\14-\31\127]", "\u{FFFD}"):gsub("[&<>\"']", ESCAPES))
end

local TONES = {
  ok = "good", done = "good", finished = "good", recalled = "soft", planned = "soft", skipped = "warn", running = "warn", open = "warn", failed = "bad", problem = "bad",
  refused = "bad", interrupted = "warn", undone = "warn", unknown = "warn", manual = "warn", critical = "bad", high = "bad", medium = "warn", low = "soft",
}

local function badge(text, tone) return ('<span class="badge %s">%s</span>'):format(tone or TONES[text] or "soft", escape(text)) end

local function heading(out, text) out[#out + 1] = ("<h2>%s</h2>"):format(escape(text)) end

local function cell(value) return escape((value == nil or value == json.null) and "" or value) end

local function rows_of(out, columns, rows, classes)
  out[#out + 1] = '<div class="wide"><table><thead><tr>'
  for i, name in ipairs(columns) do out[#out + 1] = ('<th scope="col"%s>%s</th>'):format(classes and classes[i] and (' class="%s"'):format(classes[i]) or "", escape(name)) end
  out[#out + 1] = "</tr></thead><tbody>"
  for _, row in ipairs(rows) do
    out[#out + 1] = "<tr>"
    for i = 1, #columns do out[#out + 1] = ("<td%s>%s</td>"):format(classes and classes[i] and (' class="%s"'):format(classes[i]) or "", cell(row[i])) end
    out[#out + 1] = "</tr>"
  end
  out[#out + 1] = "</tbody></table></div>"
end

local function add_head(out, doc)
  local kind, title = words.kind(doc), doc.title or doc.runbook or doc.run
  out[#out + 1] = ('<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    .. "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>%s: %s</title><style>%s</style></head><body>")
    :format(escape(title), escape(doc.outcome or "open"), STYLE)
  out[#out + 1] = ("<header><h1>%s</h1><p>%s%s</p></header><main>"):format(escape(title), badge(doc.outcome or "open"), kind ~= "" and badge(kind, "soft") or "")
  out[#out + 1] = "<dl>"
  for _, row in ipairs(words.facts(doc)) do out[#out + 1] = ("<dt>%s</dt><dd>%s</dd>"):format(escape(row[1]), escape(row[2])) end
  out[#out + 1] = "</dl>"
end

local function add_findings(out, doc)
  if #doc.findings == 0 then return end
  heading(out, "Findings")
  out[#out + 1] = "<ul>"
  for _, one in ipairs(doc.findings) do
    out[#out + 1] = ("<li>%s%s<ul>"):format(badge(one.severity), escape(one.text))
    for _, name in ipairs { "evidence", "cause", "solution" } do
      if one[name] then out[#out + 1] = ('<li><span class="soft">%s:</span> %s</li>'):format(name, escape(one[name])) end
    end
    if one.fix then out[#out + 1] = ('<li><span class="soft">run:</span> <code>%s</code></li>'):format(escape(one.fix)) end
    out[#out + 1] = "</ul></li>"
  end
  out[#out + 1] = "</ul>"
end

local function add_steps(out, doc)
  if #doc.steps == 0 then return end
  heading(out, "Steps")
  out[#out + 1] = '<div class="wide"><table><thead><tr><th scope="col">step</th><th scope="col">what</th><th scope="col">state</th><th scope="col" class="n">took</th></tr></thead><tbody>'
  for _, step in ipairs(doc.steps) do
    local lines = {}
    if step.confirmed then lines[#lines + 1] = ("asked: %s (%s)"):format(step.confirmed, step.answered or "?") end
    if step.reason then lines[#lines + 1] = step.reason end
    for _, line in ipairs(words.changes(step)) do lines[#lines + 1] = line end
    if step.error then lines[#lines + 1] = "error: " .. step.error end
    for i, line in ipairs(lines) do lines[i] = ("<li>%s</li>"):format(escape(line)) end
    out[#out + 1] = ('<tr><td>%s</td><td>%s%s</td><td>%s</td><td class="n">%s</td></tr>'):format(escape(step.id), escape(step.name),
      #lines > 0 and ('<ul class="soft">%s</ul>'):format(table.concat(lines)) or "", badge(step.state), escape(words.duration(step.seconds)))
  end
  out[#out + 1] = "</tbody></table></div>"
end

local STATE_WORDS = { ok = "proven", failed = "not so", unknown = "not known", manual = "for a person", planned = "by the run" }

local function add_checklists(out, doc)
  for _, list in ipairs(doc.checklists) do
    heading(out, list.title)
    out[#out + 1] = '<ul class="checks">'
    for _, item in ipairs(list.items) do
      out[#out + 1] = ("<li>%s%s%s%s</li>"):format(badge(STATE_WORDS[item.state] or item.state, TONES[item.state]),
        item.alert and ("<strong>%s</strong>"):format(escape(item.text)) or escape(item.text),
        item.note and (': <span class="soft">%s</span>'):format(escape(item.note)) or "", item.by and (" (%s)"):format(escape(item.by)) or "")
    end
    out[#out + 1] = "</ul>"
  end
  if #doc.left > 0 then
    heading(out, "Left for a person")
    out[#out + 1] = "<ul>"
    for _, item in ipairs(doc.left) do out[#out + 1] = ("<li>%s</li>"):format(escape(item)) end
    out[#out + 1] = "</ul>"
  end
end

local function add_plots(out, doc)
  if #doc.plots == 0 then return end
  heading(out, "Metrics")
  for _, plot in ipairs(doc.plots) do
    local key = {}
    for i, series in ipairs(plot.series) do key[i] = ('<span class="s%d">&#9644; %s</span>'):format((i - 1) % 4 + 1, escape(series.name)) end
    out[#out + 1] = ('<figure><figcaption>%s%s</figcaption>%s<p class="key soft">%s</p></figure>'):format(escape(plot.title),
      plot.unit and (' <span class="soft">(%s)</span>'):format(escape(plot.unit)) or "", svg.plot(plot, doc.marks, escape), table.concat(key))
  end
end

local function add_timeline(out, doc)
  heading(out, "Timeline")
  out[#out + 1] = '<div class="wide"><table><thead><tr><th scope="col">when</th><th scope="col">kind</th><th scope="col">what</th></tr></thead><tbody>'
  for _, one in ipairs(doc.timeline) do
    out[#out + 1] = ('<tr><td class="at">%s</td><td class="soft">%s</td><td%s>%s</td></tr>'):format(escape(one.at), escape(one.kind), one.bad and ' class="bad"' or "", escape(one.text))
  end
  out[#out + 1] = "</tbody></table></div>"
  if doc.timeline_cut then out[#out + 1] = ('<p class="soft">%d more are in the journal.</p>'):format(doc.timeline_cut) end
end

local function add_calls(out, doc)
  if #doc.calls == 0 then return end
  heading(out, "Calls")
  local rows = {}
  for i, one in ipairs(doc.calls) do rows[i] = { one.action, one.effect, one.calls, one.failed, one.attempts, one.ms } end
  rows_of(out, { "action", "effect", "calls", "failed", "attempts", "ms" }, rows, { [3] = "n", [4] = "n", [5] = "n", [6] = "n" })
end

---@param doc table
---@return string
function html.render(doc)
  local out = {}
  add_head(out, doc)
  add_findings(out, doc)
  add_steps(out, doc)
  add_checklists(out, doc)
  add_plots(out, doc)
  for _, shown in ipairs(doc.tables) do
    heading(out, shown.title)
    rows_of(out, shown.columns, shown.rows)
  end
  add_timeline(out, doc)
  add_calls(out, doc)
  if doc.params and next(doc.params) then
    heading(out, "Parameters")
    rows_of(out, { "name", "value" }, words.params(doc))
  end
  out[#out + 1] = "</main></body></html>\n"
  return table.concat(out)
end

return html
