using System.Collections.Concurrent;
using Orleans.Storage;

namespace Parcae.Grains.Tests.Support;

/// <summary>What every silo of a test cluster stores to: outlives them all, and lets tests wait for something to become durable.</summary>
public sealed class StorageDisk
{
    private readonly Dictionary<string, (BinaryData Data, string ETag, object State)> _records = new(StringComparer.Ordinal);
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
            string? stored = _records.TryGetValue(key, out var record) ? record.ETag : null;
            if (stored != etag) throw new InconsistentStateException($"{key} was written by another", stored, etag);
            _records[key] = (data, next, copy);
            met = [.. _waiting.Where(w => Matches(key, w.Key) && w.Met(copy)).Select(w => w.Done)];
            _waiting.RemoveAll(w => met.Contains(w.Done));
        }

        foreach (var done in met) done.SetResult();
        return next;
    }

    private static bool Matches(string key, string grainKey) => key.EndsWith($"/{grainKey}", StringComparison.Ordinal);
}

/// <summary>Grain storage on a <see cref="StorageDisk"/>, through the serializer that a real provider would use.</summary>
internal sealed class SharedStorage(StorageDisk disk, IGrainStorageSerializer serializer) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var record = disk.Read($"{stateName}/{grainId}");
        grainState.RecordExists = record is not null;
        grainState.ETag = record?.ETag;
        grainState.State = record is { } r ? serializer.Deserialize<T>(r.Data) : Activator.CreateInstance<T>();
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var data = serializer.Serialize(grainState.State);
        grainState.ETag = disk.Write($"{stateName}/{grainId}", grainState.ETag, data, serializer.Deserialize<T>(data)!);
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException("No grain of Parcae clears its state.");
}
