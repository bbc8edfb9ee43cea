namespace Parcae.Grains;

/// <summary>Runs asynchronous actions one after another, in the order in which they were asked for. For use on one grain's scheduler.</summary>
internal sealed class Turns
{
    private Task _last = Task.CompletedTask;

    /// <summary>Runs <paramref name="action"/> after all earlier ones, however those end. The task is the action's own.</summary>
    public Task Run(Func<Task> action) => _last = After(_last, action);

    private static async Task After(Task before, Func<Task> action)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await action();
    }
}
