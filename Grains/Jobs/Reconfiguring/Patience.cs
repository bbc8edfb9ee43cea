namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Waiting with a limit.</summary>
internal static class Patience
{
    /// <summary>Waits until the task is completed, well or not, or the limit has passed. Returns whether it is completed; never throws for it.</summary>
    public static async Task<bool> CompletesWithin(this Task task, TimeSpan limit, TimeProvider time)
    {
        await task.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return task.IsCompleted;
    }

    /// <summary>Why a completed task failed, or that it never answered.</summary>
    public static string Failure(this Task task) => task switch
    {
        { IsFaulted: true } => task.Exception.InnerException!.Failure(),
        { IsCanceled: true } => "canceled",
        _ => "no answer in time",
    };

    /// <summary>What failed, on one line: a message of Orleans' can go on with where the exception comes from, and the log has all of it.</summary>
    public static string Failure(this Exception exception) => $"{exception.GetType().Name}: {exception.Message.Split('\n', 2)[0].TrimEnd()}";
}
