"""A graph of solutions and paths for networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray

if TYPE_CHECKING:
    import networkx


def multigraph(graph: xarray.Dataset) -> networkx.MultiGraph:
    """The nodes and edges of a group `/graph/NAME/on_LANDSCAPE`; see `Run.network`."""
    import networkx

    made = networkx.MultiGraph(**graph.attrs)
    nodes = zip(
        graph["node"].values.tolist(),
        graph["node_set"].values.tolist(),
        graph["node_initialization"].values.tolist(),
        graph["node_height"].values.tolist(),
        graph["node_component"].values.tolist(),
    )
    for node, name, initialization, height, component in nodes:
        made.add_node(
            node, set=name, initialization=initialization, height=height, component=component
        )
    tree = set(graph["tree"].values.tolist())
    edges = zip(
        graph["edge_nodes"].values.tolist(),
        graph["edge_height"].values.tolist(),
        graph["edge_kind"].values.tolist(),
        graph["edge_above_minimax"].values.tolist(),
    )
    for number, ((a, b), height, kind, above) in enumerate(edges):
        made.add_edge(a, b, height=height, kind=kind, above_minimax=above, in_tree=number in tree)
    return made
