"""The elements, attributes and events of HTML and Vue (HTML Living Standard; Vue 2.7 and 3 API)."""

from __future__ import annotations

TAGS = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br "
    "button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir "
    "div dl dt element em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    "header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark "
    "marquee math menu menuitem meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup "
    "option output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section "
    "select shadow small source spacer span strike strong style sub summary sup table tbody td textarea tfoot th "
    "thead time title tr track tt u ul var video wbr xmp".split()
)
SVG_TAGS = frozenset(
    "svg animate animateMotion animateTransform circle clipPath cursor defs desc ellipse feBlend feColorMatrix "
    "feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow "
    "feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset "
    "fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter font-face foreignObject g glyph image "
    "line linearGradient marker mask metadata missing-glyph mpath path pattern polygon polyline radialGradient rect "
    "set stop switch symbol text textPath title tref tspan use view vkern math mi mo mn ms mrow mfrac msqrt mroot "
    "mstyle msub msup mtext mtable mtr mtd munder mover munderover semantics annotation".split()
)
# `switch`, `text`, `image`, `view`, `filter`, `set`, `line`, `mask` … may also be local components; the caller
# decides.
BUILT_IN = frozenset(
    "component transition transition-group keep-alive slot template teleport suspense router-view router-link nuxt "
    "nuxt-child nuxt-link nuxt-page nuxt-layout client-only no-ssr".split()
)
GLOBAL_ATTRIBUTES = frozenset(
    "accesskey autocapitalize autofocus class contenteditable contextmenu dir draggable dropzone enterkeyhint "
    "exportparts hidden id inert inputmode is itemid itemprop itemref itemscope itemtype lang nonce part popover role "
    "slot spellcheck style tabindex title translate xmlns".split()
)
# The attributes that Vue itself handles on any tag.
VUE_ATTRIBUTES = frozenset("key ref ref-in-for is slot slot-scope scope inline-template".split())

ATTRIBUTES: dict[str, frozenset[str]] = {
    tag: frozenset(names.split())
    for tag, names in {
        "a": "download href hreflang ping referrerpolicy rel target type name",
        "audio": "autoplay controls crossorigin loop muted preload src",
        "button": "disabled form formaction formenctype formmethod formnovalidate formtarget name type value",
        "canvas": "height width",
        "col": "span width",
        "colgroup": "span",
        "details": "open name",
        "fieldset": "disabled form name",
        "form": "accept-charset action autocomplete enctype method name novalidate rel target",
        "iframe": "allow allowfullscreen frameborder height loading name referrerpolicy sandbox scrolling src "
        "srcdoc width",
        "img": "alt crossorigin decoding fetchpriority height ismap loading referrerpolicy sizes src srcset "
        "usemap width",
        "input": "accept alt autocomplete autocorrect capture checked dirname disabled form formaction formenctype"
        " formmethod formnovalidate formtarget height list max maxlength min minlength multiple name pattern "
        "placeholder"
        " readonly required resize size src step type value width label",
        "label": "for form",
        "li": "value type",
        "object": "data form height name type usemap width",
        "ol": "reversed start type",
        "option": "disabled label selected value",
        "progress": "max value",
        "select": "autocomplete disabled form multiple name required size value",
        "source": "height media sizes src srcset type width",
        "table": "align bgcolor border cellpadding cellspacing frame rules summary width height",
        "td": "align colspan headers height rowspan valign width nowrap",
        "textarea": "autocomplete cols dirname disabled form maxlength minlength name placeholder readonly "
        "required rows"
        " value wrap resize",
        "th": "abbr align colspan headers height rowspan scope valign width",
        "video": "autoplay controls crossorigin height loop muted playsinline poster preload src width",
    }.items()
}
DOM_EVENTS = frozenset(
    "abort animationcancel animationend animationiteration animationstart auxclick beforeinput blur cancel canplay "
    "change click close compositionend compositionstart compositionupdate contextmenu copy cut dblclick drag dragend "
    "dragenter dragleave dragover dragstart drop ended error focus focusin focusout gotpointercapture input invalid "
    "keydown keypress keyup load loadeddata loadedmetadata loadstart lostpointercapture mousedown mouseenter "
    "mouseleave mousemove mouseout mouseover mouseup mousewheel paste pause play playing pointercancel pointerdown "
    "pointerenter pointerleave pointermove pointerout pointerover pointerup progress reset resize scroll select "
    "selectstart submit timeupdate toggle touchcancel touchend touchmove touchstart transitioncancel transitionend "
    "transitionrun transitionstart volumechange wheel DOMMouseScroll".split()
)
TRANSITION_PROPS = frozenset(
    "name appear css type mode duration enter-class leave-class enter-active-class leave-active-class appear-class "
    "enter-to-class leave-to-class".split()
)


def is_native(tag: str) -> bool:
    """Return whether a tag, as written, is an element of HTML, SVG or MathML."""
    return tag in TAGS or tag in SVG_TAGS


def is_global(attribute: str) -> bool:
    """Return whether an attribute is allowed on any tag."""
    return (
        attribute in GLOBAL_ATTRIBUTES
        or attribute in VUE_ATTRIBUTES
        or attribute.startswith(("data-", "aria-", "xlink:", "xmlns:"))
    )
