"""The rules, in one table.

To add a rule: write the function, name it here, add `tests/checker/rules/X00-bad.md` and `X00-good.md`
(for a rule of the built site: a bad and a good body in tests/checker/test_built_site.py).
A rule of level `page` sees one page, one of level `project` the whole source, one of level `site` the built site.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.checker.rules import (
    admonitions,
    built,
    fences,
    footnotes,
    html,
    images,
    inline,
    link_syntax,
    nav,
    readable,
    structure,
    tabs,
    targets,
    urls,
)
from scripts.house import rules as house

Rule = Callable[[Any], Any]

PAGE: dict[str, Rule] = {
    "A01": admonitions.type_unknown,
    "A02": admonitions.title_unclosed,
    "A03": admonitions.title_quotes,
    "A04": admonitions.title_unquoted,
    "A05": admonitions.title_space,
    "A06": admonitions.title_newline,
    "A07": admonitions.title_escape,
    "A08": admonitions.title_double,
    "A09": admonitions.trailing,
    "A10": admonitions.no_type,
    "A11": admonitions.marker_space,
    "A12": admonitions.marker_count,
    "A13": admonitions.plus,
    "A14": admonitions.type_characters,
    "A15": admonitions.body_indent,
    "A16": admonitions.body_escape,
    "A17": admonitions.body_code,
    "A18": admonitions.body_nbsp,
    "A19": admonitions.opener_indent,
    "A20": admonitions.list_indent,
    "A21": admonitions.list_blank,
    "A22": admonitions.in_html,
    "A23": admonitions.in_table,
    "A24": admonitions.foreign,
    "A25": admonitions.empty,
    "A26": admonitions.extension_off,
    "A27": admonitions.summary_link,
    "A28": admonitions.title_long,
    "A29": admonitions.modifier,
    "T01": tabs.tab_title,
    "T02": tabs.tab_marker,
    "T03": tabs.tab_body,
    "T04": tabs.tab_place,
    "T05": tabs.tab_split,
    "T06": tabs.tab_empty,
    "T07": tabs.tab_off,
    "T11": tabs.block_unclosed,
    "T12": tabs.block_header,
    "T13": tabs.block_unknown,
    "T14": tabs.block_option,
    "T15": tabs.block_stray,
    "T16": tabs.block_off,
    "L11": link_syntax.syntax,
    "L12": link_syntax.nested,
    "L13": link_syntax.undefined,
    "L14": link_syntax.unused,
    "L15": link_syntax.twice_defined,
    "L16": link_syntax.empty,
    "L17": link_syntax.no_text,
    "L18": link_syntax.vague,
    "L19": link_syntax.mismatch,
    "L20": link_syntax.repeated,
    "L21": link_syntax.snippet,
    "L22": link_syntax.in_html,
    "L23": link_syntax.wiki,
    "L24": link_syntax.same_id,
    "I02": images.alternative,
    "I03": images.hotlinked,
    "F01": footnotes.undefined,
    "F02": footnotes.unused,
    "F03": footnotes.twice,
    "F04": footnotes.malformed,
    "F05": footnotes.extension_off,
    "C01": fences.unclosed,
    "C02": fences.stray,
    "C03": fences.option,
    "C04": fences.fence_indent,
    "C05": fences.in_list,
    "C06": fences.annotation,
    "H01": html.unclosed,
    "H02": html.stray,
    "H03": html.glued,
    "H04": html.markdown_attribute,
    "H05": html.no_markdown,
    "H06": html.extension_off,
    "H07": html.placeholder,
    "S01": structure.one_title,
    "S02": structure.no_title,
    "S03": structure.skipped,
    "S04": structure.empty_section,
    "S05": structure.empty_heading,
    "S06": structure.accidental_heading,
    "S07": structure.empty_item,
    "S08": structure.glued_list,
    "S09": structure.flat_list,
    "S10": structure.no_space,
    "S11": structure.table_blank,
    "S12": structure.table_delimiter,
    "S13": structure.table_cells,
    "S14": structure.work_marker,
    "S15": structure.residue,
    "S16": structure.front_matter,
    "S17": structure.consecutive_links,
    "M01": inline.bold,
    "M02": inline.code,
    "M03": inline.marks,
    "M04": inline.attributes,
    "M05": inline.emoji,
    "M06": inline.mathematics,
    "M07": inline.abbreviation,
    "U01": urls.scheme,
    "U02": urls.blank,
    "U03": urls.parentheses,
    "U04": urls.glued,
    "U05": urls.host,
    "U06": urls.percent,
    "U07": urls.punctuation,
    "U08": urls.quotes,
    "U10": urls.local,
    "U11": urls.mail,
    "U12": urls.script,
    "U13": urls.bare,
    "Z01": readable.unreadable,
    "Z02": readable.unrendered,
    "Z03": readable.exception,
}

PROJECT: dict[str, Rule] = {
    "A30": admonitions.title_only,
    "L01": targets.missing_file,
    "L02": targets.missing_anchor,
    "L03": targets.anchor_case,
    "L04": targets.path_case,
    "L05": targets.raw_link,
    "L06": targets.absolute,
    "L07": targets.form,
    "L08": targets.outside,
    "L09": targets.undefined_reference,
    "I01": targets.missing_image,
    "I04": targets.raw_image,
    "U09": targets.insecure,
    "N01": nav.missing_page,
    "N02": nav.redirect_source,
    "N03": nav.redirect_target,
    "N04": nav.pages_file,
    "N05": nav.front_links,
}

STYLE_PAGE: dict[str, Rule] = {
    "I05": images.fixed_width,
    **house.PAGE,
}

STYLE_PROJECT: dict[str, Rule] = {**house.PROJECT}

SITE: dict[str, Rule] = {
    "B01": built.missing_page,
    "B02": built.missing_anchor,
    "B03": built.missing_asset,
    "B04": built.leaked_markdown,
    "B05": built.other_host,
    "B06": built.repeated_id,
    "B07": built.lost_redirect,
    "B08": built.unreadable,
}

STYLE = frozenset((*STYLE_PAGE, *STYLE_PROJECT, "B05"))
RULES: dict[str, Rule] = {**PAGE, **STYLE_PAGE, **PROJECT, **STYLE_PROJECT, **SITE}


def level(code: str) -> str:
    """What a rule looks at: a page, the project, or the built site."""
    if code in SITE:
        return "site"
    return "project" if code in PROJECT or code in STYLE_PROJECT else "page"
