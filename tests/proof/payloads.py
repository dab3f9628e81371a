"""What attackers write where a name is asked for: fifty texts for pages, scripts, templates, databases, spreadsheets.

Each one that means to run calls `pwned`, or asks for `/pwned`; each element that it means to make is called `pwn`.
"""

PAYLOADS: tuple[str, ...] = (
    # Elements
    "<script>pwned(1)</script>",
    "<pwn></pwn><img src=x onerror=pwned(2)>",
    "<svg/onload=pwned(3)>",
    "<ScRiPt src=/pwned.js></sCrIpT>",
    "<iframe srcdoc='<script>parent.pwned(5)</script>'>",
    "<body onload=pwned(6)>",
    "<details open ontoggle=pwned(7)>",
    "<input autofocus onfocus=pwned(8)>",
    "<a id=pwn href=javascript:pwned(9)>klik</a>",
    "<form id=pwn action=/pwned><button>kirim",
    "<meta http-equiv=refresh content='0;url=/pwned'>",
    "<link rel=stylesheet href=/pwned.css>",
    "<base href=//pwned.example/>",
    "<style>@import'/pwned.css'</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=pwned(15)>",
    "<video><source onerror=pwned(16)>",
    "<object data=javascript:pwned(17)>",
    "<embed src=/pwned.svg>",
    "<template><pwn>",
    "<!--<img src=--><img src=x onerror=pwned(20)//>",
    # Out of where they stand
    '"><img src=x onerror=pwned(21)>',
    "'><svg onload=pwned(22)>",
    '" autofocus onfocus=pwned(23) x="',
    "' onmouseover='pwned(24)",
    "</textarea><script>pwned(25)</script>",
    "</title><script>pwned(26)</script>",
    "</script><script>pwned(27)</script>",
    "</style><script>pwned(28)</script>",
    "--><script>pwned(29)</script>",
    "]]><script>pwned(30)</script>",
    "`${pwned(31)}`",
    '\\"-pwned(32)}//',
    "javascript:pwned(33)",
    "data:text/html,<script>pwned(34)</script>",
    "&lt;img src=x onerror=pwned(35)&gt;",
    "&#60;img src=x onerror=pwned(36)&#62;",
    "%3Cimg src=x onerror=pwned(37)%3E",
    # Templates and formats
    "{{7331*1337}}{% raw %}",
    "${7331*1337} #{7331*1337} <%= 7331*1337 %>",
    "{0.__class__} {name} {n} {value!r} %s %n %(x)s",
    # Databases, files, headers, logs
    "' OR '1'='1'; DROP TABLE ledger; --",
    "../../../../etc/passwd",
    'nama.csv"; filename="pwned.html',
    "*/ pwned(44) /*",
    # Spreadsheets
    '=HYPERLINK("http://pwned.example","klik")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    # Letters that are none, and that turn the line around
    "\u202e<script>pwned(49)</script>\u2066\u200f",
    "\u0000\u2028\ufeff<i\u0131mg onerror=pwned(50)>Z\u0310\u0313\u0344a\u034fl\u0489go\U0001f480",
)

COMPUTED = str(7331 * 1337)
"""What stands where a template took a payload for its own."""
