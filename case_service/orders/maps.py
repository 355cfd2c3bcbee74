"""The link that opens an address in the map app of the phone; the page itself asks no outside host."""

from urllib.parse import quote


def map_link(address: str | None, user_agent: str) -> str | None:
    """Amap's own address on Apple phones, which know no geo: links; geo: everywhere else."""
    if address is None:
        return None
    wanted = quote(address, safe="")
    if "iPhone" in user_agent or "iPad" in user_agent:
        return f"iosamap://poi?sourceApplication=shouwang&name={wanted}&dev=0"
    return f"geo:0,0?q={wanted}"
