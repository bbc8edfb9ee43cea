namespace Parcae.Grains;

/// <summary>Runs asynchronous actions one after another, in the order in which they were asked for. For use on one grain's scheduler.</summary>
internal sealed class Turns
{
    private Task _last = Task.CompletedTask;
    private Task? _queued;

    /// <summary>The action that was asked for last.</summary>
    public Task Last => _last;

    /// <summary>
    /// Runs <paramref name="action"/>, the same one each time, after all earlier ones, and once for all who ask before it begins: what it does, it does for them too, those of the same turn included.
    /// </summary>
    public Task RunTogether(Func<Task> action) => _queued ??= Run(async () =>
    {
        await Task.Yield();
        _queued = null;
        await action();
    });

    /// <summary>Runs <paramref name="action"/> after all earlier ones, however those end. The task is the action's own.</summary>
    public Task Run(Func<Task> action) => _last = After(_last, action);

    private static async Task After(Task before, Func<Task> action)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await action();
    }
}
