"""How the desk looks: wide enough to see a whole form, dense enough for a day, big targets."""

from __future__ import annotations

from typing import Final

from producers.pages import Look

_STYLE: Final = """
body{font-size:1rem;line-height:1.45}
main{max-width:62rem;padding:1rem 1.5rem 2rem}
h1{margin:.75rem 0 .25rem}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.5rem;
border-bottom:1px solid var(--line);padding-bottom:.5rem}
header strong{font-size:1.0625rem}
header nav{margin:0;gap:.25rem;flex:1}
header nav a{display:flex;align-items:center;padding:.25rem .875rem;border-radius:.5rem;
min-height:2.75rem;text-decoration:none;font-weight:600}
header nav a[aria-current]{background:var(--act);color:var(--act-ink)}
header form{margin:0;display:flex;align-items:center;gap:.75rem}
header button{width:auto;min-height:2.75rem;padding:.25rem .875rem;border-width:1px}
.desk form{margin-top:.75rem}
.desk p{margin:.25rem 0}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem 1rem;
margin:0 0 .75rem;align-items:start}
.desk label{display:block;min-height:0;font-weight:600}
.desk label .soft{font-weight:400}
.hint{font-size:.875rem;display:block}
.wrong{color:var(--warn);font-weight:600;display:block}
.wrong,.desk .note{overflow-wrap:anywhere}
.desk input,.desk select,.desk textarea{width:100%;min-height:2.875rem;padding:.375rem .625rem;
margin:.25rem 0;border:2px solid var(--line);border-radius:.5rem;background:var(--paper);
color:var(--ink);font:inherit;letter-spacing:normal}
.desk :focus-visible{outline-offset:1px}
.desk form.narrow{max-width:28rem}
.narrow button{margin-top:.75rem}
.wide{grid-column:1/-1}
.desk textarea{min-height:5.5rem}
.desk input[type=hidden]{display:none}
.desk input[type=checkbox]{width:1.5rem;min-height:1.5rem;margin:.5rem .5rem .5rem 0;
vertical-align:middle}
.desk input#number{font-size:1.5rem;font-variant-numeric:tabular-nums;letter-spacing:.03em}
.desk form>.row:first-of-type select{min-height:3.375rem;font-size:1.125rem}
.desk input#number{min-height:3.375rem}
.desk [aria-invalid=true]{border-color:var(--warn)}
details{border:1px solid var(--line);border-radius:.5rem;margin:0 0 .75rem;padding:0 .75rem}
summary{min-height:2.75rem;padding:.625rem 0;cursor:pointer;font-weight:600}
.send{display:grid;grid-template-columns:minmax(14rem,3fr) minmax(15rem,2fr);gap:1rem 2rem;
align-items:start;margin-top:1rem}
.send button.first{min-height:4.625rem;font-size:1.375rem}
.later{display:grid;grid-template-columns:1fr auto;gap:0 .75rem;align-items:end}
.later p{grid-column:1/-1;font-size:.875rem;order:1}
.later button{width:auto;min-height:2.875rem;margin:.25rem 0;border-width:1px;
border-color:var(--line);color:var(--ink);font-weight:400}
.desk .said{padding:.5rem 1rem;margin:.75rem 0;background:var(--card)}
.said strong{font-size:1.25rem;display:block}
dl{display:grid;grid-template-columns:auto 1fr;gap:.125rem 1rem;margin:.5rem 0 .25rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.desk .note ul{list-style:disc;padding-left:1.25rem}
.desk .note li{padding:.125rem 0;border:0}
.desk .cases li{padding:.5rem 0}
.cases a{display:inline-block;padding:.375rem 0}
pre{background:var(--card);padding:.5rem .75rem;border-radius:.5rem;white-space:pre-wrap;
overflow-wrap:anywhere;font-size:.875rem}
.desk .decide button{margin:0;min-height:3.25rem}
progress{width:100%;height:1.5rem;accent-color:var(--act);margin-top:.5rem}
.desk h2{margin:1rem 0 .25rem}
.counts dd{font-variant-numeric:tabular-nums;font-weight:600}
.desk section li{padding:.25rem 0}
@media (max-width:40rem){.send{grid-template-columns:1fr}}
"""

DESK_LOOK: Final = Look(_STYLE, tells_origin=True)
"""Of every page of the desk."""
