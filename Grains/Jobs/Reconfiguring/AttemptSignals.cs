namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>A generation could not be brought about; the next number is tried.</summary>
internal sealed class AttemptFailedException(string message, bool learned) : Exception(message)
{
    /// <summary>Whether the attempt found out what was wrong (an instance lost, a checkpoint damaged), so that the next one need not wait.</summary>
    public bool Learned { get; } = learned;
}

/// <summary>Carries what happens while a generation is being brought about to those who wait.</summary>
internal sealed class AttemptSignals
{
    private readonly TaskCompletionSource _urgent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, TaskCompletionSource> _gone = new(StringComparer.Ordinal);
    private HashSet<string> _needed = [];

    /// <summary>Completes when training cannot reach a step boundary any more.</summary>
    public Task Urgent => _urgent.Task;

    /// <summary>Completes with the id of an instance that the new plan needs and that was lost.</summary>
    public Task<string> Broken => _broken.Task;

    /// <summary>Completes when the instance is gone for good.</summary>
    public Task Gone(string instanceId) => Source(instanceId).Task;

    /// <summary>From here on the loss of any of these breaks the attempt.</summary>
    public void Need(IEnumerable<string> instances)
    {
        _needed = [.. instances];
        foreach (string lost in _needed.Where(id => _gone.TryGetValue(id, out var source) && source.Task.IsCompleted)) _broken.TrySetResult(lost);
    }

    /// <summary>A connection of the generation that is being halted broke.</summary>
    public void SetUrgent() => _urgent.TrySetResult();

    /// <summary>An instance is gone.</summary>
    public void SetGone(string instanceId)
    {
        Source(instanceId).TrySetResult();
        _urgent.TrySetResult();
        if (_needed.Contains(instanceId)) _broken.TrySetResult(instanceId);
    }

    private TaskCompletionSource Source(string instanceId)
    {
        if (!_gone.TryGetValue(instanceId, out var source))
            _gone[instanceId] = source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return source;
    }
}
