using System.ComponentModel.DataAnnotations;

namespace Parcae.Grains.Hosting;

/// <summary>Patience of a job with its instances, and how often it saves.</summary>
public sealed class JobOptions
{
    /// <summary>How long a member may take to stop at once. The default value is 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan HaltTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a member may take to reach the next step boundary before it is told to stop at once. The default value is 30 seconds: a slow step.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan BoundaryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a member may take to reach the step boundary once another stands at it: they are at most a step apart. At least three times as long as the last
    /// step took. The default value is 2 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan LagTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an instance that others found broken, or a spare that everybody waits for, may take to stop. The default value is 0.4 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan SuspectTimeout { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long an instance may take to describe the job's model before another one is asked too. The default value is 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:14:00")]
    public TimeSpan DescribePatience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a planned change is prepared while training goes on, before training is stopped for what is still missing. The default value is 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:14:00")]
    public TimeSpan ShadowTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long before the deadline of its notice an instance must be out of the plan, prepared or not. The default value is 3 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan NoticeReserve { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a replica may take to get its layers. The default value is 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:14:00")]
    public TimeSpan PrepareTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long training waits for the state vault before it goes on without it. The default value is 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:14:00")]
    public TimeSpan VaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a state vault that follows may say nothing before training goes on without it. The default value is 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:14:00")]
    public TimeSpan VaultSilence { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a state vault that failed is left alone; twice and four times as long when it fails again soon after it came back. The default value is 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan VaultRetry { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a member may take to begin training once all are prepared. The default value is 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:02:00")]
    public TimeSpan SwitchTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often the fleet's log is read in case a stream message was lost. The default value is 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan PollPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often step results are saved while training. The default value is 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan SavePeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Period of the reminder that brings the job back when nobody else does. The default value is 1 minute, the least that Orleans allows.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan ReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait before a failed reconfiguration is tried again. The default value is 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan RetryLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Preparations in a row that an instance may fail before it is given up. The default value is 3.</summary>
    [Range(1, 100)]
    public int PrepareFailureLimit { get; set; } = 3;
}
