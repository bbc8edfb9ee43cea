namespace Parcae.Silo.Api.Streams;

/// <summary>Waits between two looks.</summary>
internal static class Pausing
{
    /// <summary>Returns after a time, or at once when the reader has had enough.</summary>
    public static async Task For(TimeSpan span, TimeProvider time, CancellationToken stop)
    {
        try
        {
            await Task.Delay(span, time, stop);
        }
        catch (OperationCanceledException)
        {
            // The loop around it sees that.
        }
    }
}
