namespace Parcae.Cli.Demo;

/// <summary>Lets what runs in the background end the demo: the first failure is the one that is told.</summary>
internal sealed class DemoAbort : IDisposable
{
    private readonly CancellationTokenSource _source;
    private Exception? _cause;

    /// <param name="outer">Ends it from outside.</param>
    public DemoAbort(CancellationToken outer)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        // Asked once: background work may look at it when all else is over.
        Token = _source.Token;
    }

    /// <summary>Cancelled from outside, by a failure, or at the end.</summary>
    public CancellationToken Token { get; }

    /// <summary>The failure, or null.</summary>
    public Exception? Cause => _cause;

    /// <summary>Ends the demo.</summary>
    public void Fail(Exception cause)
    {
        if (Interlocked.CompareExchange(ref _cause, cause, null) is null) _source.Cancel();
    }

    /// <summary>Ends what still runs in the background: all is done.</summary>
    public void End() => _source.Cancel();

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
