namespace Parcae.Grains;

/// <summary>
/// When the steps of a job were done, from what its history keeps: a generation's beginning and each step's own time. Clocks of workers and waits between steps make it inexact within a generation; every generation begins right again.
/// </summary>
public static class StepEnds
{
    /// <summary>The end of each step of a history, seconds since the job was submitted, ascending.</summary>
    /// <param name="history">All generations, and steps in order.</param>
    /// <param name="after">When the step before the first of them was done, seconds.</param>
    public static IEnumerable<(double Seconds, StepResult Step)> Of(JobHistory history, double after = 0)
    {
        ArgumentNullException.ThrowIfNull(history);
        return Ends(history, after);
    }

    private static IEnumerable<(double Seconds, StepResult Step)> Ends(JobHistory history, double after)
    {
        // What was run again belongs to the generation that ran it last.
        var inForce = new List<GenerationRecord>();
        foreach (var generation in history.Generations.OrderBy(g => g.Number))
        {
            inForce.RemoveAll(g => g.AtStep >= generation.AtStep);
            inForce.Add(generation);
        }

        int next = 0;
        foreach (var step in history.Steps)
        {
            for (; next < inForce.Count && inForce[next].AtStep <= step.Step; next++)
                after = Math.Max(after, (inForce[next].At - history.SubmittedAt).TotalSeconds);
            after += Math.Max(0, step.Seconds);
            yield return (after, step);
        }
    }
}
