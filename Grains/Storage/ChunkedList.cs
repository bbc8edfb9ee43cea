using System.Collections;
using Orleans.Storage;

namespace Parcae.Grains.Storage;

/// <summary>Some items in a row, as stored.</summary>
[GenerateSerializer, Alias("parcae.Chunk`1")]
internal sealed class Chunk<T>
{
    /// <summary>The items, in order.</summary>
    [Id(0)] public List<T> Items { get; set; } = [];
}

/// <summary>
/// A long list in grain storage, in chunks that are records of their own: what grows by a line is not written whole again and again. One writer at a time; memory is ahead of the storage until <see cref="Save"/>.
/// </summary>
/// <param name="storage">Where to.</param>
/// <param name="grain">Whose.</param>
/// <param name="name">Name of the records, before the chunk's number.</param>
/// <param name="chunkLength">Items of a full chunk.</param>
internal sealed class ChunkedList<T>(IGrainStorage storage, GrainId grain, string name, int chunkLength) : IReadOnlyList<T>
{
    private readonly List<T> _items = [];
    private readonly Dictionary<int, GrainState<Chunk<T>>> _chunks = [];
    private readonly SortedSet<int> _changed = [];

    /// <summary>Index of the first item that is kept; a multiple of the chunks' length.</summary>
    public int First { get; private set; }

    /// <summary>One past the index of the last item.</summary>
    public int End => First + _items.Count;

    /// <summary>Number of items that are kept.</summary>
    public int Count => _items.Count;

    /// <summary>The item with an index, from <see cref="First"/> on.</summary>
    public T this[int index]
    {
        get => _items[index - First];
        set
        {
            _items[index - First] = value;
            _changed.Add(index / chunkLength);
        }
    }

    /// <summary>Reads everything from an index on, until a chunk is missing or not full.</summary>
    public async Task Load(int first)
    {
        First = first / chunkLength * chunkLength;
        for (int chunk = First / chunkLength; ; chunk++)
        {
            var stored = Chunk(chunk);
            await storage.ReadStateAsync(Name(chunk), grain, stored);
            _items.AddRange(stored.State?.Items ?? []);
            if (stored.State is not { } read || read.Items.Count < chunkLength) return;
        }
    }

    /// <summary>Drops what lies from an index on: items that were written ahead of the state that was to speak of them.</summary>
    public void Truncate(int end)
    {
        if (end >= End) return;
        _items.RemoveRange(Math.Max(0, end - First), End - Math.Max(end, First));
        if (end > First) _changed.Add((end - 1) / chunkLength);
    }

    /// <summary>Adds an item at the end.</summary>
    public void Add(T item)
    {
        _items.Add(item);
        _changed.Add((End - 1) / chunkLength);
    }

    /// <summary>Writes the chunks that have changed, oldest first, so that what is stored has no hole whenever it ends.</summary>
    public async Task Save()
    {
        int[] changed = [.. _changed];
        _changed.Clear();
        try
        {
            foreach (int chunk in changed)
            {
                int first = chunk * chunkLength;
                var stored = Chunk(chunk);
                stored.State = new Chunk<T> { Items = _items.GetRange(first - First, Math.Min(chunkLength, End - first)) };
                await storage.WriteStateAsync(Name(chunk), grain, stored);
            }
        }
        catch
        {
            _changed.UnionWith(changed);
            throw;
        }
    }

    /// <summary>Forgets full chunks whose items all lie below an index.</summary>
    public async Task Trim(int below)
    {
        while (First + chunkLength <= Math.Min(below, End))
        {
            int chunk = First / chunkLength;
            await storage.ClearStateAsync(Name(chunk), grain, Chunk(chunk));
            _chunks.Remove(chunk);
            _items.RemoveRange(0, chunkLength);
            First += chunkLength;
        }
    }

    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private string Name(int chunk) => $"{name}-{chunk:D6}";

    private GrainState<Chunk<T>> Chunk(int chunk)
    {
        if (!_chunks.TryGetValue(chunk, out var stored)) _chunks[chunk] = stored = new GrainState<Chunk<T>>(new Chunk<T>());
        return stored;
    }
}
