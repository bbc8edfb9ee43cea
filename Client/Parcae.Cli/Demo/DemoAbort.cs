namespace Parcae.Cli.Demo;

/// <summary>Lets what runs in the background end the demo: the first failure is the one that is told.</summary>
internal sealed class DemoAbort(CancellationToken outer) : IDisposable
{
    private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
    private Exception? _cause;

    /// <summary>Cancelled from outside, or by a failure.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The failure, or null.</summary>
    public Exception? Cause => _cause;

    /// <summary>Ends the demo.</summary>
    public void Fail(Exception cause)
    {
        if (Interlocked.CompareExchange(ref _cause, cause, null) is null) _source.Cancel();
    }

    /// <summary>Follows background work: its failure ends the demo, its cancellation is none.</summary>
    public async Task GuardAsync(Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            // The demo ends.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    public void Dispose() => _source.Dispose();
}
