using System.Collections.Concurrent;
using Orleans.Storage;

namespace Parcae.Grains.Tests.Support;

/// <summary>What every silo of a test cluster stores to: outlives them all, and lets tests wait for something to become durable.</summary>
public sealed class StorageDisk
{
    private readonly Dictionary<string, (BinaryData Data, string ETag, object State)> _records = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly List<(Func<object?, bool> Met, string Key, TaskCompletionSource Done)> _waiting = [];

    /// <summary>Completes when the record satisfies the condition, now or after a later write.</summary>
    public Task When<T>(string grainKey, Func<T, bool> condition)
    {
        lock (_records)
        {
            foreach (var (key, record) in _records)
            {
                if (Matches(key, grainKey) && record.State is T state && condition(state)) return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((s => s is T state && condition(state), grainKey, done));
            return done.Task;
        }
    }

    /// <summary>Lays down a grain's state, as somebody else has written it.</summary>
    public void Put<T>(string name, IAddressable grain, T state)
        where T : notnull => Write($"{name}/{grain.GetGrainId()}", Read($"{name}/{grain.GetGrainId()}")?.ETag, Serializer!.Serialize(state), state);

    /// <summary>A grain's state as it is stored.</summary>
    public T Get<T>(string name, IAddressable grain)
        where T : notnull => Serializer!.Deserialize<T>(Read($"{name}/{grain.GetGrainId()}")!.Value.Data)!;

    /// <summary>Has every write of a record fail, or not any more.</summary>
    public void Refuse(string name, IAddressable grain, bool refuse)
    {
        lock (_records)
        {
            if (refuse) _refused.Add($"{name}/{grain.GetGrainId()}");
            else _refused.Remove($"{name}/{grain.GetGrainId()}");
        }
    }

    /// <summary>How many records of a grain begin with a name.</summary>
    public int Count(IAddressable grain, string name)
    {
        lock (_records) return _records.Keys.Count(k => k.StartsWith(name, StringComparison.Ordinal) && k.EndsWith($"/{grain.GetGrainId()}", StringComparison.Ordinal));
    }

    /// <summary>How the silos write.</summary>
    internal IGrainStorageSerializer? Serializer { get; set; }

    internal (BinaryData Data, string ETag)? Read(string key)
    {
        lock (_records) return _records.TryGetValue(key, out var record) ? (record.Data, record.ETag) : null;
    }

    internal string Write(string key, string? etag, BinaryData data, object copy)
    {
        List<TaskCompletionSource> met;
        string next = Guid.NewGuid().ToString("N");
        lock (_records)
        {
            if (_refused.Contains(key)) throw new IOException($"{key} cannot be written: the store is away");
            string? stored = _records.TryGetValue(key, out var record) ? record.ETag : null;
            if (stored != etag) throw new InconsistentStateException($"{key} was written by another", stored, etag);
            _records[key] = (data, next, copy);
            met = [.. _waiting.Where(w => Matches(key, w.Key) && w.Met(copy)).Select(w => w.Done)];
            _waiting.RemoveAll(w => met.Contains(w.Done));
        }

        foreach (var done in met) done.SetResult();
        return next;
    }

    internal void Delete(string key, string? etag)
    {
        lock (_records)
        {
            string? stored = _records.TryGetValue(key, out var record) ? record.ETag : null;
            if (stored != etag) throw new InconsistentStateException($"{key} was written by another", stored, etag);
            _records.Remove(key);
        }
    }

    private static bool Matches(string key, string grainKey) => key.EndsWith($"/{grainKey}", StringComparison.Ordinal);
}

/// <summary>Grain storage on a <see cref="StorageDisk"/>, through the serializer that a real provider would use.</summary>
internal sealed class SharedStorage : IGrainStorage
{
    private readonly StorageDisk _disk;
    private readonly IGrainStorageSerializer _serializer;
    private readonly Func<GrainId, string, Task> _pass;

    /// <summary>A silo's way to the disk.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="serializer">How the silo writes.</param>
    /// <param name="pass">What each operation waits for before and after.</param>
    public SharedStorage(StorageDisk disk, IGrainStorageSerializer serializer, Func<GrainId, string, Task> pass)
    {
        (_disk, _serializer, _pass) = (disk, serializer, pass);
        disk.Serializer = serializer;
    }

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await _pass(grainId, $"before reading {stateName}");
        var record = _disk.Read($"{stateName}/{grainId}");
        grainState.RecordExists = record is not null;
        grainState.ETag = record?.ETag;
        grainState.State = record is { } r ? _serializer.Deserialize<T>(r.Data) : Activator.CreateInstance<T>();
        await _pass(grainId, $"after reading {stateName}");
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var data = _serializer.Serialize(grainState.State);
        await _pass(grainId, $"before writing {stateName}");
        grainState.ETag = _disk.Write($"{stateName}/{grainId}", grainState.ETag, data, _serializer.Deserialize<T>(data)!);
        grainState.RecordExists = true;
        await _pass(grainId, $"after writing {stateName}");
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await _pass(grainId, $"before clearing {stateName}");
        _disk.Delete($"{stateName}/{grainId}", grainState.ETag);
        (grainState.ETag, grainState.RecordExists, grainState.State) = (null, false, Activator.CreateInstance<T>());
        await _pass(grainId, $"after clearing {stateName}");
    }
}
