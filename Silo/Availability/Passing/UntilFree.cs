using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Passing;

/// <summary>Waits until nothing needs this instance any more.</summary>
internal sealed partial class UntilFree(IFleetPlace place, TimeProvider time, ILogger<UntilFree> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="giveUp">Asked when nobody answers: whether to wait no longer. Null: it is asked again.</param>
    /// <exception cref="OperationCanceledException">Cancelled while it was still needed.</exception>
    public async Task WaitAsync(CancellationToken cancellation, Func<bool>? giveUp = null)
    {
        string? told = null;
        while (true)
        {
            try
            {
                string? user = await place.NeededByAsync().WaitAsync(NoticeDelivery.CallTimeout, time, cancellation);
                if (user is null) return;
                if (told != user) LogNeeded(user);
                told = user;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                LogUnknown(e, e.Message);
                if (giveUp?.Invoke() == true) return;
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This instance is still needed by {User}.")]
    private partial void LogNeeded(string user);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether this instance is still needed is not known: {Problem}")]
    private partial void LogUnknown(Exception e, string problem);
}
