"""Zig-zag shards: the same cut as the server's, whose plans count tokens by it."""


def zig_zag_shards(length, ranks, rank):
    """The runs (start, end) of a sequence that one rank of a group holds.

    A sequence is cut into 2N chunks, of which the first (length mod 2N) are a token longer; rank j holds chunks j and
    2N - 1 - j, so that every rank has the same share of the causal half.
    """
    chunks = 2 * ranks
    size, longer = divmod(length, chunks)
    bounds = [chunk * size + min(chunk, longer) for chunk in range(chunks + 1)]
    runs = [(bounds[chunk], bounds[chunk + 1]) for chunk in (rank, chunks - 1 - rank)]
    return [(start, end) for start, end in runs if end > start]
